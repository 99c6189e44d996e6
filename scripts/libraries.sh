# Sourced before Node is started, with $root set: the libraries that the machine lacks, where install.sh put them.
if [ -d "$root/node_modules/.libraries" ]; then
  export LD_LIBRARY_PATH="$root/node_modules/.libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
fi
