"""What is learned and told across all sources: baselines and alerts."""
