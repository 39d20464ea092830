# fish completion for leaktop. Made by tools/completions from the option table.

# The Python processes that leaktop itself would offer.
function __leaktop_pids
    leaktop -b 2>/dev/null | string replace -rf '^ *(\d+) +(.*)' '$1\t$2'
end

complete -c leaktop -f -a "(__leaktop_pids)"
complete -c leaktop -s p -l pid -x -a "(__leaktop_pids)" -d 'the process to watch (a bare PID does the same)'
complete -c leaktop -s d -l delay -x -d 'seconds between samples, 0.1 to 3600 (2)'
complete -c leaktop -s n -l iterations -x -d 'stop after N samples'
complete -c leaktop -l duration -x -d 'stop after a time: 90s, 10m, 2h, 1d'
complete -c leaktop -s b -l batch -d 'write lines instead of a screen'
complete -c leaktop -s f -l format -x -a "table jsonl csv openmetrics" -d 'table, jsonl, csv or openmetrics; implies -b'
complete -c leaktop -l output -r -F -d 'write there, whole or not at all; implies -b'
complete -c leaktop -l listen -x -d 'serve /metrics for Prometheus (127.0.0.1)'
complete -c leaktop -s o -l sort -x -a "verdict growth count size dsize rate name" -d 'sort by FIELD: + high end first, - low end first'
complete -c leaktop -l fields -x -a "(__fish_append , verdict name count size growth dsize share rate trend last)" -d 'columns of the table: verdict,name,count,...'
complete -c leaktop -s O -l list-fields -d 'list the fields to sort by, and exit'
complete -c leaktop -s T -l top -x -d 'rows in batch, 0 for all (table 20, metrics 50)'
complete -c leaktop -s F -l filter -x -d 'only types that match RE, or with !RE do not'
complete -c leaktop -s w -l record -r -F -d 'record into FILE all the while'
complete -c leaktop -s r -l replay -r -F -d 'show a recording; - is standard input'
complete -c leaktop -l fail-on -x -a "suspect leak" -d 'exit 10 if it ends with a suspect, or a leak'
complete -c leaktop -l confirm -x -d 'a suspect that lasts so long is a leak (10m)'
complete -c leaktop -l readonly -d 'never stop or write into the process'
complete -c leaktop -l preflight -d 'say what would work, touching nothing'
complete -c leaktop -l census -x -a "auto scan walk" -d 'count by scan, by walk or what fits (auto)'
complete -c leaktop -l max-cpu -x -d 'of a core that counting may take (2)'
complete -c leaktop -l max-pause -x -d 'longest time a thread may wait for leaktop (2)'
complete -c leaktop -s C -l no-color -d 'no colours (NO_COLOR does the same)'
complete -c leaktop -s U -l ascii -d 'draw with ASCII characters only'
complete -c leaktop -l mouse -d 'clicks select and sort, the wheel scrolls'
complete -c leaktop -l config -r -F -d 'settings, instead of ~/.config/leaktop/config'
complete -c leaktop -s h -l help -d 'show this help, and exit'
complete -c leaktop -s V -l version -d 'show the version, and exit'
