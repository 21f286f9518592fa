"""The reviewer's page of a data set."""
