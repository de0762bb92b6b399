{{/* The chart's name: the label app.kubernetes.io/name. */}}
{{- define "tfs-operator.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/*
The name of every object. 55 characters at most, so that the longest suffix (-metrics) still fits the 63 of a
Service's name.
*/}}
{{- define "tfs-operator.fullname" -}}
{{- $name := include "tfs-operator.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 55 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 55 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 55 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* What the Deployment and the Service find the pod by: never changes within a release. */}}
{{- define "tfs-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "tfs-operator.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* The same, as one argument of the operator's. */}}
{{- define "tfs-operator.selectorArgument" -}}
{{- $pairs := list }}
{{- range $name, $value := fromYaml (include "tfs-operator.selectorLabels" .) }}
{{- $pairs = append $pairs (printf "%s=%s" $name $value) }}
{{- end }}
{{- join "," $pairs }}
{{- end }}

{{- define "tfs-operator.ownLabels" -}}
{{ include "tfs-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: operator
app.kubernetes.io/part-of: tfs-operator
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Of every object: commonLabels add to the chart's own and replace none, for the pods are found by these. */}}
{{- define "tfs-operator.labels" -}}
{{- include "tfs-operator.ownLabels" . }}
{{- include "tfs-operator.furtherLabels" (list . (include "tfs-operator.ownLabels" .)) }}
{{- end }}

{{/* The commonLabels that are not among the labels given, as (list $ TEXT). */}}
{{- define "tfs-operator.furtherLabels" -}}
{{- $own := index . 1 | fromYaml }}
{{- range $name, $value := (index . 0).Values.commonLabels }}
{{- if not (hasKey $own $name) }}
{{ $name }}: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Of everything that `helm test` makes, its TFModel among it: the Services of one have the longest names. */}}
{{- define "tfs-operator.testName" -}}
{{- printf "%s-test" (include "tfs-operator.fullname" . | trunc 40 | trimSuffix "-") }}
{{- end }}

{{/*
Of what `helm test` makes. Not the operator's own: its Service, PodDisruptionBudget and NetworkPolicy would find the
test's pod.
*/}}
{{- define "tfs-operator.testLabels" -}}
{{- $own := fromYaml (include "tfs-operator.ownLabels" .) }}
{{- $name := printf "%s-test" (include "tfs-operator.name" . | trunc 58 | trimSuffix "-") }}
{{- $own = merge (dict "app.kubernetes.io/name" $name "app.kubernetes.io/component" "test") $own }}
{{- toYaml $own }}
{{- include "tfs-operator.furtherLabels" (list . (toYaml $own)) }}
{{- end }}

{{/* Where `helm test` deploys its model: in a namespace that the operator watches, if possible the release's. */}}
{{- define "tfs-operator.testNamespace" -}}
{{- if or (empty .Values.watchNamespaces) (has .Release.Namespace .Values.watchNamespaces) }}
{{- .Release.Namespace }}
{{- else }}
{{- first .Values.watchNamespaces }}
{{- end }}
{{- end }}

{{/* Two operators on two nodes, in two zones where there are some; on one node rather than not at all. */}}
{{- define "tfs-operator.spread" -}}
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- maxSkew: 1
  topologyKey: {{ . }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "tfs-operator.selectorLabels" $ | nindent 6 }}
  matchLabelKeys:
    - pod-template-hash
{{- end }}
{{- end }}

{{- define "tfs-operator.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (ternary (include "tfs-operator.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "tfs-operator.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{/* What `helm test` deploys: a model of a few hundred bytes, which the test's pod itself offers to the fetcher. */}}
{{- define "tfs-operator.testModel" -}}
{{- $name := include "tfs-operator.testName" . -}}
apiVersion: tfs-operator.io/v1alpha1
kind: TFModel
metadata:
  name: {{ $name }}
  namespace: {{ include "tfs-operator.testNamespace" . }}
  labels:
    {{- include "tfs-operator.testLabels" . | nindent 4 }}
spec:
  networkPolicy:
    # The test's pod, which may be in another namespace.
    allowFrom:
      - namespaceSelector:
          matchLabels:
            kubernetes.io/metadata.name: {{ .Release.Namespace }}
  modelUri: http://{{ $name }}-archive.{{ .Release.Namespace }}.svc.{{ .Values.clusterDomain }}:8000/half_plus_two.tar.gz
  server:
    resources:
      requests:
        cpu: 50m
        memory: 128Mi
    {{- with .Values.imagePullSecrets }}
    imagePullSecrets:
      {{- toYaml . | nindent 6 }}
    {{- end }}
{{- end }}

{{/*
"true" where the Deployment that is being upgraded runs an operator without leader election, as chart 0.1.0 did. Only
the cluster knows: `helm template` does not.
*/}}
{{- define "tfs-operator.ignoresLease" -}}
{{- $live := lookup "apps/v1" "Deployment" .Release.Namespace (include "tfs-operator.fullname" .) }}
{{- if $live }}
{{- $container := first $live.spec.template.spec.containers }}
{{- if not (has "--leader-elect" ($container.args | default list)) }}true{{ end }}
{{- end }}
{{- end }}
