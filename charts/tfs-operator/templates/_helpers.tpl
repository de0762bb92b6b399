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

{{- define "tfs-operator.labels" -}}
{{ include "tfs-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: operator
app.kubernetes.io/part-of: tfs-operator
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "tfs-operator.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (ternary (include "tfs-operator.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "tfs-operator.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
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
