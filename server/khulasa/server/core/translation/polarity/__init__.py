"""What a pair denies or turns into its opposite."""
