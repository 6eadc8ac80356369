#!/usr/bin/env bash
# A real Slurm of one node for tests, private to a folder, without systemd, cgroups or accounting.
#
#   tests/slurm/start_slurm.sh FOLDER        start; then: export SLURM_CONF=FOLDER/slurm.conf
#   tests/slurm/start_slurm.sh --stop FOLDER
#
# Needs root and Debian's packages: munge slurmctld slurmd slurm-client
set -euo pipefail

stop() {
    local dir=$1 name pid
    export SLURM_CONF=$dir/slurm.conf
    if timeout 10 scontrol ping >/dev/null 2>&1; then
        timeout 10 scancel --user="$(id -u)" || true
        for _ in $(seq 50); do
            [ -z "$(timeout 10 squeue --noheader || true)" ] && break
            sleep 0.2
        done
    fi
    for name in run/slurmd.pid run/slurmctld.pid munge/pid; do
        [ -s "$dir/$name" ] || continue
        pid=$(cat "$dir/$name")
        kill "$pid" 2>/dev/null || continue
        for _ in $(seq 50); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
    done
}

if [ "${1:-}" = --stop ]; then
    stop "$2"
    exit 0
fi

D=$(realpath -m "$1")
trap 'code=$?; [ "$code" = 0 ] || stop "$D"; exit "$code"' EXIT  # leave nothing half-started
HERE=$(hostname -s)
mkdir -p "$D"/{munge,state,spool,log,run}
chmod 755 "$D"
[ -s "$D/munge/munge.key" ] || (umask 077; head -c 1024 /dev/urandom > "$D/munge/munge.key")
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Eight slots whatever the machine has; the limits are short so that tests need not wait.
cat > "$D/slurm.conf" <<EOF
ClusterName=test
SlurmctldHost=$HERE(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$D/munge/sock,cred_expire=5
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
SrunPortRange=20000-21000
StateSaveLocation=$D/state
SlurmdSpoolDir=$D/spool
SlurmctldPidFile=$D/run/slurmctld.pid
SlurmdPidFile=$D/run/slurmd.pid
SlurmctldLogFile=$D/log/slurmctld.log
SlurmdLogFile=$D/log/slurmd.log
SlurmdTimeout=10
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,sched_interval=1,batch_sched_delay=0
MpiDefault=none
MailProg=/bin/true
ReturnToService=2
JobRequeue=1
KillWait=5
MinJobAge=300
InactiveLimit=0
Waittime=0
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal
SlurmdParameters=config_overrides
NodeName=$HERE NodeAddr=127.0.0.1 CPUs=8 RealMemory=20000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1 GraceTime=60
PartitionName=urgent Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=10
EOF
export SLURM_CONF=$D/slurm.conf
/usr/sbin/munged --force --key-file="$D/munge/munge.key" --socket="$D/munge/sock" \
    --pid-file="$D/munge/pid" --log-file="$D/munge/log" --seed-file="$D/munge/seed" --num-threads=2
/usr/sbin/slurmctld -f "$SLURM_CONF"
/usr/sbin/slurmd -f "$SLURM_CONF" -N "$HERE"
for _ in $(seq 300); do
    sinfo --noheader --format=%T 2>/dev/null | grep -q idle && { echo "SLURM_CONF=$SLURM_CONF"; exit 0; }
    sleep 0.2
done
tail -n 20 "$D"/log/*.log >&2
echo "Slurm did not come up within a minute" >&2
exit 1
