"""What a mail is: a person's or a program's, a delivery report, nothing but thanks; and who vouches for its sender."""
