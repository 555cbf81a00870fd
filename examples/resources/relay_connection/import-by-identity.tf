# mount and domain are the provider's, unless they are given here, too.
import {
  to = relay_connection.aws
  identity = {
    type = "aws"
    name = "production"
  }
}
