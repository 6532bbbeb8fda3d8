/* SPDX-License-Identifier: MIT */
/* What the programs themselves are made of: a hole in one of them is harder to
 * use where it is built like this. Read from the files, not from the flags. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/def.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(hardening, .timeout = 60);

/* What a file of this architecture is found to have. */
struct traits {
	bool is_elf, pie, relro, now, stack, no_wx, no_rpath, guarded,
		fortified, landing;
	bool is_static;
};

/* A file in memory; every offset that is taken from it is held to its end. */
struct image {
	const char *bytes;
	size_t len;
	const Elf64_Ehdr *head;
};

static const void *at(const struct image *image, uint64_t offset, uint64_t len)
{
	if (offset > image->len || len > image->len - offset)
		return NULL;
	return image->bytes + offset;
}

static void read_dynamic(const struct image *image, const Elf64_Phdr *part,
                         struct traits *traits)
{
	size_t n = part->p_filesz / sizeof(Elf64_Dyn);
	const Elf64_Dyn *row = at(image, part->p_offset, part->p_filesz);

	for (size_t i = 0; row && i < n && row[i].d_tag != DT_NULL; i++) {
		uint64_t value = row[i].d_un.d_val;

		if ((row[i].d_tag == DT_FLAGS && value & DF_BIND_NOW) ||
		    (row[i].d_tag == DT_FLAGS_1 && value & DF_1_NOW))
			traits->now = true;
		if (row[i].d_tag == DT_RPATH || row[i].d_tag == DT_RUNPATH)
			traits->no_rpath = false;
	}
}

static void read_parts(const struct image *image, struct traits *traits)
{
	const Elf64_Ehdr *head = image->head;
	const Elf64_Phdr *part =
		at(image, head->e_phoff, head->e_phnum * sizeof(*part));

	for (size_t i = 0; part && i < head->e_phnum; i++) {
		unsigned flags = part[i].p_flags;

		if (part[i].p_type == PT_GNU_RELRO)
			traits->relro = true;
		if (part[i].p_type == PT_GNU_STACK)
			traits->stack = !(flags & PF_X);
		if (part[i].p_type == PT_INTERP)
			traits->is_static = false;
		if (part[i].p_type == PT_DYNAMIC)
			read_dynamic(image, &part[i], traits);
		if (part[i].p_type == PT_LOAD && flags & PF_W && flags & PF_X)
			traits->no_wx = false;
	}
}

/* The bytes that an address stands for. */
static const unsigned char *code_at(const struct image *image, uint64_t address)
{
	const Elf64_Ehdr *head = image->head;
	const Elf64_Phdr *part =
		at(image, head->e_phoff, head->e_phnum * sizeof(*part));

	for (size_t i = 0; part && i < head->e_phnum; i++)
		if (part[i].p_type == PT_LOAD && address >= part[i].p_vaddr &&
		    address - part[i].p_vaddr + 4 <= part[i].p_filesz)
			return at(image,
			          address - part[i].p_vaddr + part[i].p_offset,
			          4);
	return NULL;
}

static void read_name(const struct image *image, const char *name,
                      const Elf64_Sym *symbol, struct traits *traits)
{
	static const unsigned char endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
	size_t len = strcspn(name, "@");

	if (strncmp(name, "__stack_chk_fail", 16) == 0)
		traits->guarded = true;
	if (len > 6 && strncmp(name, "__", 2) == 0 &&
	    strncmp(name + len - 4, "_chk", 4) == 0)
		traits->fortified = true;
	if (strcmp(name, "main") == 0) {
		const unsigned char *code = code_at(image, symbol->st_value);

		traits->landing =
			code && memcmp(code, endbr64, sizeof(endbr64)) == 0;
	}
}

static void read_names(const struct image *image, struct traits *traits)
{
	const Elf64_Ehdr *head = image->head;
	const Elf64_Shdr *section =
		at(image, head->e_shoff, head->e_shnum * sizeof(*section));

	for (size_t s = 0; section && s < head->e_shnum; s++) {
		const Elf64_Shdr *strings;
		const Elf64_Sym *symbol;

		if (section[s].sh_type != SHT_SYMTAB ||
		    section[s].sh_link >= head->e_shnum)
			continue;
		strings = &section[section[s].sh_link];
		symbol = at(image, section[s].sh_offset, section[s].sh_size);
		for (size_t i = 0;
		     symbol && i < section[s].sh_size / sizeof(*symbol); i++) {
			const char *name =
				at(image,
			           strings->sh_offset + symbol[i].st_name, 1);

			if (name)
				read_name(image, name, &symbol[i], traits);
		}
	}
}

static struct traits look(const char *path)
{
	struct traits traits = {
		.no_wx = true, .no_rpath = true, .is_static = true};
	struct buffer file = {0};
	struct image image;

	read_file(path, &file);
	image = (struct image){file.data, file.len, (void *)file.data};
	traits.is_elf = file.len > sizeof(*image.head) &&
	                memcmp(file.data, ELFMAG, SELFMAG) == 0 &&
	                file.data[EI_CLASS] == ELFCLASS64;
	if (traits.is_elf) {
		traits.pie = image.head->e_type == ET_DYN;
		read_parts(&image, &traits);
		read_names(&image, &traits);
	}
	buffer_free(&file);
	return traits;
}

static void check_program(const char *path)
{
	struct traits traits = look(path);

	if (!traits.is_elf)
		return; /* a script */
	cr_expect(traits.pie, "%s is not position-independent", path);
	cr_expect(traits.relro && traits.now, "%s: relro %d now %d", path,
	          traits.relro, traits.now);
	cr_expect(traits.stack && traits.no_wx, "%s has memory to write code",
	          path);
	cr_expect(traits.no_rpath, "%s names a place of libraries", path);
	cr_expect(traits.guarded, "%s has no stack protector", path);
	cr_expect(traits.fortified, "%s is not fortified", path);
#ifdef __x86_64__
	cr_expect(traits.landing, "%s: main does not start with endbr64", path);
#endif
}

/* Every program that is built is position-independent, has nothing that can be
 * written and executed and no table of pointers that stays writable, and checks
 * its stack, its copies and its jumps. */
Test(hardening, X170_programs_are_hardened)
{
	const char *path = text_of("%s/bin", build_dir());
	DIR *directory = opendir(path);
	const struct dirent *entry;
	int n = 0;

	cr_assert_not_null(directory);
	while ((entry = readdir(directory)))
		if (entry->d_name[0] != '.') {
			check_program(text_of("%s/%s", path, entry->d_name));
			n++;
		}
	(void)closedir(directory);
	cr_expect_gt(n, 0);
}

/* sbx-exec loads no library, so none can be put in its way. */
Test(hardening, X161_sbx_exec_is_static)
{
	cr_expect(look(text_of("%s/bin/sbx-exec", build_dir())).is_static);
	cr_expect_not(look("/bin/sh").is_static, "control");
}

/* The control: a program built without all that is seen to be so. */
Test(hardening, X170_control)
{
	struct traits traits = look(text_of("%s/reach", program_dir()));

	cr_expect(traits.is_elf && !traits.pie && !traits.landing);
	cr_expect(look("/bin/sh").pie);
}
