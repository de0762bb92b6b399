# Kubernetes' programs that run in pods, with no more of the base than the iptables that kube-proxy calls: all of it
# would take seconds to unpack in each new cluster.
ARG BASE_IMAGE
FROM ${BASE_IMAGE} AS full
RUN set -eu; mkdir -p /slim/usr/bin /slim/usr/sbin /slim/usr/lib /slim/usr/lib64 /slim/tmp; \
    for link in bin sbin lib lib64; do ln -s "usr/$link" "/slim/$link"; done; \
    cp -a --parents /usr/sbin/xtables-* /usr/sbin/iptables* /usr/sbin/ip6tables* /etc/alternatives/ip*tables* /slim/; \
    cp -a --parents /usr/lib/*/xtables /slim/; \
    ldd /usr/sbin/xtables-nft-multi /usr/sbin/xtables-legacy-multi /usr/lib/*/xtables/*.so \
      | awk '$2 == "=>" { print $3 } $1 ~ "^/lib" && $2 ~ "^[(]" { print $1 }' | sort -u \
      | while read -r library; do cp -L --parents "/usr$library" /slim/; done
FROM scratch
COPY --from=full /slim/ /
COPY programs/ /usr/local/bin/
ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin
