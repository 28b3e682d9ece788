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
{{- if and (eq .Values.auth.type "jwt") (include "model-server.onIstio" .) -}}
true
{{- end }}
{{- end }}
