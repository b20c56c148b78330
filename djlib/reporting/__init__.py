"""Charts and pages: what a report, a command or a web service shows to look at."""
