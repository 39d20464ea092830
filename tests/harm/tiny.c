#include "config.h"
#include "tiny.h"

#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define BASE 0x400000u
#define CODE_AT 0x80u		/* behind either kind of headers */

static void build_64(uint8_t *file, size_t size)
{
	const Elf64_Ehdr eh = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_EXEC, .e_machine = tiny_wide.machine, .e_version = EV_CURRENT,
		.e_flags = tiny_wide.flags,
		.e_entry = BASE + CODE_AT, .e_phoff = sizeof(eh), .e_ehsize = sizeof(eh),
		.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1,
	};
	const Elf64_Phdr ph = {
		.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = BASE, .p_filesz = size,
		.p_memsz = size, .p_align = 4096,
	};

	memcpy(file, &eh, sizeof(eh));
	memcpy(file + sizeof(eh), &ph, sizeof(ph));
	memcpy(file + CODE_AT, tiny_wide.code, TINY_CODE_MOST);
}

static void build_32(uint8_t *file, size_t size)
{
	const Elf32_Ehdr eh = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_EXEC, .e_machine = tiny_narrow.machine, .e_version = EV_CURRENT,
		.e_flags = tiny_narrow.flags,
		.e_entry = BASE + CODE_AT, .e_phoff = sizeof(eh), .e_ehsize = sizeof(eh),
		.e_phentsize = sizeof(Elf32_Phdr), .e_phnum = 1,
	};
	const Elf32_Phdr ph = {
		.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = BASE,
		.p_filesz = (uint32_t)size,
		.p_memsz = (uint32_t)size, .p_align = 4096,
	};

	memcpy(file, &eh, sizeof(eh));
	memcpy(file + sizeof(eh), &ph, sizeof(ph));
	memcpy(file + CODE_AT, tiny_narrow.code, TINY_CODE_MOST);
}

/* exec closes the pipe; bytes in it tell that it failed. */
static pid_t run(int file)
{
	char *argv[] = {(char[]){"tiny"}, NULL};
	int fds[2], failed = 0;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fexecve(file, argv, environ);
		_exit(write(fds[1], "x", 1) == 1 ? 1 : 2);
	}
	close(fds[1]);
	failed = pid < 0 || read(fds[0], argv[0], 1) == 1;
	close(fds[0]);
	if (failed && pid > 0)
		waitpid(pid, NULL, 0);
	return failed ? -1 : pid;
}

pid_t tiny_start(bool wide)
{
	uint8_t file[CODE_AT + TINY_CODE_MOST] = {0};
	int fd = memfd_create("tiny", MFD_CLOEXEC);
	pid_t pid = -1;

	if (wide)
		build_64(file, sizeof(file));
	else
		build_32(file, sizeof(file));
	if (fd >= 0 && write(fd, file, sizeof(file)) == (ssize_t)sizeof(file))
		pid = run(fd);
	if (fd >= 0)
		close(fd);
	return pid;
}
