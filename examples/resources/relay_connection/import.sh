terraform import relay_connection.aws aws/production
