{{/* The routes that a SecurityPolicy of Envoy Gateway guards. */}}
{{- define "model-server.securedRoutes" -}}
{{- range $kind, $key := dict "HTTPRoute" "route" "GRPCRoute" "grpcRoute" }}
{{- $route := get $.Values $key }}
{{- if and $route.enabled (eq $route.type "gateway-api") }}
- group: gateway.networking.k8s.io
  kind: {{ $kind }}
  name: {{ $.Values.fullnameOverride | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* "true" where Istio checks tokens. */}}
{{- define "model-server.istioTokens" -}}
{{- if and (eq .Values.auth.type "jwt") (or (and .Values.route.enabled (eq .Values.route.type "istio")) (and .Values.grpcRoute.enabled (eq .Values.grpcRoute.type "istio"))) -}}
true
{{- end }}
{{- end }}
