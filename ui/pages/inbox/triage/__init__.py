"""What is done with tickets: each verb with its toast and its way back, and the sheets that ask for more first."""
