{{/* Paths of an Ingress: dict "root" and "key" (route or grpcRoute). */}}
{{- define "model-server.ingressPaths" -}}
{{- if eq .key "route" }}
{{- range .root.Values.route.rules }}
{{- if dig "enabled" true . }}
{{- include "model-server.ingressPath" (dict "root" $.root "port" .port "path" .path "type" (eq .type "Exact" | ternary "Exact" "Prefix")) }}
{{- end }}
{{- end }}
{{- else }}
{{- $port := .root.Values.grpcRoute.port }}
{{- range .root.Values.grpcRoute.methods }}
{{- if dig "enabled" true . }}
{{- include "model-server.ingressPath" (dict "root" $.root "port" $port "path" (printf "/%s%s" .service (empty .method | ternary "" (printf "/%s" .method))) "type" (empty .method | ternary "Prefix" "Exact")) }}
{{- end }}
{{- else }}
{{- include "model-server.ingressPath" (dict "root" .root "port" $port "path" "/" "type" "Prefix") }}
{{- end }}
{{- end }}
{{- end }}

{{- define "model-server.ingressPath" }}
- path: {{ .path | quote }}
  pathType: {{ .type }}
  backend:
    service:
      name: {{ .root.Values.fullnameOverride | quote }}
      port:
        number: {{ include "model-server.servicePort" . }}
{{- end }}
