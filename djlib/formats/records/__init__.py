"""Record listings: tables and Discogs exports."""
