"""slaengine keeps, proves and explains the service promises made on work orders."""
