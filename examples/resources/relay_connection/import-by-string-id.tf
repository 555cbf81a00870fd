# The id is type/name.
import {
  to = relay_connection.aws
  id = "aws/production"
}
