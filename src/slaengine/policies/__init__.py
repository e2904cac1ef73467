"""What was promised: calendars, policies, and the kernel that judges clocks."""
