#!/usr/bin/env bash
# Proves an installation on a real cluster with KEDA: from zero to several workers and back to zero,
# a worker that is killed, and a control pod that is deleted. Uses kubectl's current context, creates
# the namespace mezzotint, and expects the image mezzotint:dev on the nodes:
#
#   docker/build.sh cpu mezzotint:dev && kind load docker-image mezzotint:dev
#   k8s/end-to-end.sh
set -euo pipefail
cd "$(dirname "$0")/.."

readonly NAMESPACE=mezzotint
readonly REQUESTS=mezzotint.generation.requests
readonly EVENTS=mezzotint.events

kube() {
  kubectl --namespace "$NAMESPACE" "$@"
}

# await SECONDS DESCRIPTION COMMAND...: until the command succeeds.
await() {
  local seconds=$1 what=$2 end=$((SECONDS + $1)) begun=$SECONDS
  shift 2
  until "$@" > /dev/null 2>&1; do
    if ((SECONDS > end)); then
      echo "failed: no '$what' within $seconds s" >&2
      kube get pods,deployments,scaledobjects,hpa >&2 || true
      kube describe scaledobjects >&2 || true
      kube logs --selector app.kubernetes.io/name=mezzotint --tail 50 --prefix >&2 || true
      exit 1
    fi
    sleep 1
  done
  echo "$what: after $((SECONDS - begun)) s"
}

wanted() {
  kube get deployment mezzotint-generator --output jsonpath='{.spec.replicas}'
}

is_wanted() {
  [[ $(wanted) == "$1" ]]
}

wants_at_least() {
  (($(wanted) >= $1))
}

kafka() {
  kube exec --stdin deployment/kafka -- "/opt/kafka/bin/$1" --bootstrap-server kafka:9092 "${@:2}"
}

# submit PREFIX NUMBER STEPS
submit() {
  for ((i = 1; i <= $2; i++)); do
    printf '{"id":"%s-%d","model":"avatars-32","count":4,"steps":%d}\n' "$1" "$i" "$3"
  done | kafka kafka-console-producer.sh --topic "$REQUESTS"
}

# completed PREFIX: number of jobs with exactly this prefix that have completed, and no event twice.
completed() {
  kafka kafka-console-consumer.sh --topic "$EVENTS" --from-beginning --timeout-ms 5000 2> /dev/null \
    | grep '"type":"completed"' | grep --count "\"jobId\":\"$1-" || true
}

have_completed() {
  [[ $(completed "$1") == "$2" ]]
}

stream_is_open() {
  kube get scaledobject mezzotint-generator \
    --output jsonpath='{.status.conditions[?(@.type=="Ready")].status}' | grep --quiet True
}

kubectl apply --server-side --kustomize k8s/overlays/end-to-end
for name in kafka minio mezzotint-control; do
  kube rollout status "deployment/$name" --timeout 300s
done
await 120 "KEDA reads the backlog" stream_is_open
await 120 "zero workers without a request" is_wanted 0

submit first 20 50
await 60 "a worker is wanted" wants_at_least 1
await 300 "several workers are wanted" wants_at_least 2
await 600 "20 jobs have completed" have_completed first 20
await 400 "zero workers again" is_wanted 0

submit killed 20 200
await 60 "a worker is wanted" wants_at_least 1
kube rollout status deployment/mezzotint-generator --timeout 300s
victim=$(kube get pods --selector app.kubernetes.io/component=generator \
  --output jsonpath='{.items[0].metadata.name}')
kube delete pod "$victim" --grace-period 0 --force
echo "killed $victim"
await 900 "20 jobs have completed in spite of it" have_completed killed 20

before=$(wanted)
kube delete pod --selector app.kubernetes.io/component=control --wait=false
submit control 10 50
echo "deleted the control pod at $before workers"
kube rollout status deployment/mezzotint-control --timeout 300s
await 120 "a worker is wanted after the control pod was replaced" wants_at_least 1
await 600 "10 jobs have completed" have_completed control 10
await 400 "zero workers at the end" is_wanted 0
echo "passed"
