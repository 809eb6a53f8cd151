"""What pages say about an alarm, rule by rule: headline, reason, the figures it rests on."""
