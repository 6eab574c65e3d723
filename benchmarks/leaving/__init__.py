"""What a site loses under faults before and after its move from Channels 1.1.8 to Channels 4."""
