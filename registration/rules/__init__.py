"""Pure rules of registration: plain values in, plain values out."""
