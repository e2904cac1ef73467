"""What people look at: case files, compliance, closure. Pure folds."""
