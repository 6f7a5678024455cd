"""What every operation answers: the cases of `test_contract.py`, by what they are about."""
