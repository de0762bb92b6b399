package main

import (
	"context"

	"github.com/spf13/cobra"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	kubeadm "k8s.io/kubernetes/cmd/kubeadm/app"
	kubeadmerrors "k8s.io/kubernetes/cmd/kubeadm/app/util/errors"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// Programs of a node that runs pods: for Linux alone.
func init() {
	programs["kube-proxy"] = run(proxy.NewProxyCommand)
	programs["kubelet"] = run(func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) })
	programs["kubeadm"] = func() int {
		kubeadmerrors.HandleError(kubeadm.Run())
		return 0
	}
}
