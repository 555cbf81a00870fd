# A runner in a Kubernetes cluster, by the service account of its pod.
provider "relay" {
  owner = "shop-prod"
  auth = {
    kubernetes = {
      role  = "terraform"
      mount = "kubernetes/ci"
    }
  }
}
