"""What a plan goes through: acts, votes, notice, opinions, the statutory clock."""
