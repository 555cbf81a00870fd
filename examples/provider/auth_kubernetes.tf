# The service account of a pod in a Kubernetes cluster.
provider "relay" {
  owner = "shop-prod"
  auth = {
    kubernetes = {
      role  = "terraform"
      mount = "kubernetes/ci"
    }
  }
}
