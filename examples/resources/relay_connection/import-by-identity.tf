# mount and domain are optional; their defaults are the provider's.
import {
  to = relay_connection.aws
  identity = {
    type = "aws"
    name = "production"
  }
}
