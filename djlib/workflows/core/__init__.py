"""What every workflow shares: runs, progress, the event log, edited files."""
