"""What goes wrong on other people's machines, done on purpose and counted: `make faults`; results/faults.json.

Each module makes one family of faults and returns rows of counts; tests/ runs a small part of each.
"""
