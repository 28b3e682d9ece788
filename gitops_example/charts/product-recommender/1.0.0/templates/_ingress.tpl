{{/* An Ingress: dict "root", "key" (route or grpcRoute), "name", "service" and "annotations". */}}
{{- define "model-server.ingress" -}}
{{- $route := get .root.Values .key -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ .name | quote }}
  labels:
    {{- include "model-server.labels" .root | nindent 4 }}
  {{- with include "model-server.stringMap" .annotations }}
  annotations:
    {{- trim . | nindent 4 }}
  {{- end }}
spec:
  ingressClassName: {{ $route.gateway.name | quote }}
  {{- with .root.Values.tls.secretName }}
  tls:
  - secretName: {{ . | quote }}
    {{- with $route.hostnames }}
    hosts:
    {{- include "model-server.strings" . | trim | nindent 4 }}
    {{- end }}
  {{- end }}
  rules:
  {{- $paths := include "model-server.ingressPaths" . | trim }}
  {{- range $route.hostnames }}
  - host: {{ . | quote }}
    http:
      paths:
      {{- $paths | nindent 6 }}
  {{- else }}
  - http:
      paths:
      {{- $paths | nindent 6 }}
  {{- end }}
{{- end }}

{{/* Annotations of the canary's Ingress: its share of the requests. Headers come first. */}}
{{- define "model-server.nginxShare" -}}
{{- if and (include "model-server.isNative" .) (eq .Values.strategy.type "canary") }}
nginx.ingress.kubernetes.io/canary: "true"
nginx.ingress.kubernetes.io/canary-weight: {{ int .Values.tracks.canary.weight | quote }}
nginx.ingress.kubernetes.io/canary-weight-total: "100"
{{- range $name, $value := .Values.tracks.canary.headers }}
nginx.ingress.kubernetes.io/canary-by-header: {{ $name | quote }}
nginx.ingress.kubernetes.io/canary-by-header-value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Paths of an Ingress: dict "root", "service" and "key" (route or grpcRoute). */}}
{{- define "model-server.ingressPaths" -}}
{{- if eq .key "route" }}
{{- range .root.Values.route.rules }}
{{- if dig "enabled" true . }}
{{- include "model-server.ingressPath" (dict "root" $.root "service" $.service "port" .port "path" .path "type" (eq .type "Exact" | ternary "Exact" "Prefix")) }}
{{- end }}
{{- end }}
{{- else }}
{{- $port := .root.Values.grpcRoute.port }}
{{- range .root.Values.grpcRoute.methods }}
{{- if dig "enabled" true . }}
{{- include "model-server.ingressPath" (dict "root" $.root "service" $.service "port" $port "path" (printf "/%s%s" .service (empty .method | ternary "" (printf "/%s" .method))) "type" (empty .method | ternary "Prefix" "Exact")) }}
{{- end }}
{{- else }}
{{- include "model-server.ingressPath" (dict "root" .root "service" .service "port" $port "path" "/" "type" "Prefix") }}
{{- end }}
{{- end }}
{{- end }}

{{- define "model-server.ingressPath" }}
- path: {{ .path | quote }}
  pathType: {{ .type }}
  backend:
    service:
      name: {{ .service | quote }}
      port:
        number: {{ include "model-server.servicePort" . }}
{{- end }}
