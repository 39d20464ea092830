#!/bin/sh
# Makes ./configure from a git checkout.
cd "$(dirname "$0")" && exec autoreconf --install --force
