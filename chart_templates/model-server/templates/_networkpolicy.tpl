{{/*
The named exceptions of one side: dict "root", "side" (from or to) and "exceptions".
Every address means none of a node's own: there a container could get the credentials of the node.
*/}}
{{- define "model-server.exceptions" -}}
{{- $reserved := dict
  "0.0.0.0/0" (list "169.254.0.0/16" "168.63.129.16/32" "100.100.100.200/32")
  "::/0" (list "fe80::/10" "fd00:ec2::/32" "fd20:ce::254/128" "64:ff9b::a9fe:0/112") }}
{{- range .exceptions }}
{{- if dig "enabled" true . }}
- {{ $.side }}:
  {{- with .cidr }}
  {{- range $cidr := eq . "*" | ternary (list "0.0.0.0/0" "::/0") (list .) }}
  - ipBlock:
      cidr: {{ $cidr | quote }}
      {{- if and (eq $.side "to") (hasKey $reserved $cidr) }}
      except:
      {{- include "model-server.strings" (get $reserved $cidr) | trim | nindent 6 }}
      {{- end }}
  {{- end }}
  {{- end }}
  {{- if or .namespace .podLabels (not .cidr) }}
  - podSelector:
      {{- with .podLabels }}
      matchLabels:
        {{- include "model-server.stringMap" . | trim | nindent 8 }}
      {{- else }} {}
      {{- end }}
    {{- with .namespace }}
    namespaceSelector:
      {{- if eq . "*" }} {}
      {{- else }}
      matchLabels:
        kubernetes.io/metadata.name: {{ . | quote }}
      {{- end }}
    {{- end }}
  {{- end }}
  {{- $ports := .metrics | default false | ternary (list (dict "port" $.root.Values.metrics.port "protocol" "TCP")) list }}
  {{- range .ports }}
  {{- if dig "enabled" true . }}
  {{- $ports = append $ports (merge (pick . "port" "protocol") (dict "protocol" "TCP")) }}
  {{- end }}
  {{- end }}
  {{- /* Pods of an ambient mesh connect to each other by one port only, other addresses are not in the mesh. */}}
  {{- if and $ports $.root.Values.mesh.tunnelPort (not .cidr) }}
  {{- $ports = append $ports (dict "port" (int $.root.Values.mesh.tunnelPort) "protocol" "TCP") }}
  {{- end }}
  {{- with $ports }}
  ports:
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Ports of the server that the test's pod connects to. */}}
{{- define "model-server.testPorts" -}}
- port: {{ .Values.test.port | quote }}
  protocol: TCP
{{- with .Values.mesh.tunnelPort }}
- port: {{ int . }}
  protocol: TCP
{{- end }}
{{- end }}
