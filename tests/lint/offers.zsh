# zsh -f offers.zsh FOLDER LINE FILE: writes into FILE what zsh offers at the end of LINE with the
# completions in FOLDER. zsh completes on a terminal only: this gives one to a second zsh, types LINE
# and a tab there, and reads until that ends, which it does when it has completed.
emulate -L zsh
zmodload zsh/zpty || exit 1
: >$3
# leaktop is a function, so that the test chooses the processes. compadd with -O, -A or -D is asked by
# a completion for what would match; without them that is offered.
print -r -- "
fpath=(${(q)1} \$fpath)
autoload -Uz compinit
compinit -D -u
leaktop() { printf '    PID USER\n   4242 root\n    777 app\n' }
compadd() {
	local -a hits
	[[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]] && { builtin compadd \"\$@\"; return }
	builtin compadd -A hits \"\$@\"
	print -rl -- \$hits >>${(q)3}
	builtin compadd \"\$@\"
}
comppostfuncs=(exit)
bindkey '^I' complete-word
" >$3.rc
zpty second zsh -f -i
zpty -w second "source ${(q)3}.rc"
zpty -w -n second "$2"$'\t'
while zpty -r second seen; do :; done
rm -f $3.rc
