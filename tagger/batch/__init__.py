"""Tags for really many photos: Ray spreads the work over a machine or a cluster, and Parquet files hold the results."""
