{{/* A grpc probe requires a port number, so it is looked up. Dict "probe" and "ports". */}}
{{- define "model-server.probe" -}}
{{- with .probe }}
{{- if ne .type "none" }}
{{- if eq .type "http" -}}
httpGet:
  path: {{ .path | quote }}
  port: {{ .port | quote }}
{{- else if eq .type "grpc" -}}
grpc:
  port: {{ dig .port "containerPort" 0 ($.ports | default dict) | int }}
{{- else if eq .type "tcp" -}}
tcpSocket:
  port: {{ .port | quote }}
{{- else -}}
exec:
  command:
  {{- include "model-server.strings" .command | trim | nindent 2 }}
{{- end }}
{{ merge (pick . "periodSeconds" "timeoutSeconds" "failureThreshold") (dict "periodSeconds" 10 "timeoutSeconds" 5 "failureThreshold" 3) | toYaml }}
{{- end }}
{{- end }}
{{- end }}
