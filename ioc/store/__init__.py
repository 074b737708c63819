"""All SQL of the project: migrations, the one writing transaction, and the reads that screens live on."""
