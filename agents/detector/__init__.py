"""A small object detector, trained from scratch on a data set that `swerve render` wrote: do the pictures teach?"""
