"""Splits phone numbers with the Python port of libphonenumber (PyPI: phonenumbers).

Each line of the input is a country code and the digits after it. Each line of the output is the length of the national
destination code and whether the number is valid. The number is not parsed, because the parser also accepts a trunk prefix,
which E.164 does not have.
"""

import sys

import phonenumbers
from phonenumbers import PhoneNumber

for line in sys.stdin:
    country_code, national = line.split()
    # In a number of zeros only, the last zero is the number itself.
    zeros = len(national) - len(national[:-1].lstrip("0") + national[-1])
    number = PhoneNumber(int(country_code), int(national))
    if zeros:
        number.italian_leading_zero = True
        number.number_of_leading_zeros = zeros
    ndc = phonenumbers.length_of_national_destination_code(number)
    print(ndc, int(phonenumbers.is_valid_number(number)))
