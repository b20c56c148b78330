"""What people and programs exchange: schemas, reading and writing, the event logs."""
