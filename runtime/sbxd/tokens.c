/* SPDX-License-Identifier: MIT */
#include "sbxd/tokens.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

#define MAX_FILE_SIZE ((size_t)128 << 10)

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

#define FAIL(err, ...) err_say(err, SBX_STAGE_SPEC, EINVAL, __VA_ARGS__)

/* A run of bytes in a line. */
struct word {
	const char *at;
	size_t len;
};

static bool is_of(const struct word *word, const char *allowed)
{
	for (size_t i = 0; i < word->len; i++)
		if (!word->at[i] || !strchr(allowed, word->at[i]))
			return false;
	return true;
}

/* A name becomes one of a directory, and is in the audit log. */
static bool is_name(const struct word *word)
{
	return word->len > 0 && word->len <= WHO_TOKEN && word->at[0] != '.' &&
	       word->at[0] != '-' && is_of(word, LETTERS DIGITS "._-");
}

/* As RFC 6750 has them, so that a header can. */
static bool is_token(const struct word *word)
{
	return word->len >= TOKEN_LEAST && word->len <= TOKEN_MOST &&
	       is_of(word, LETTERS DIGITS "-._~+/=");
}

/* Takes the next word off the line, of which len bytes are left. */
static struct word next_word(const char **at, const char *end)
{
	struct word word;

	while (*at < end && (**at == ' ' || **at == '\t'))
		++*at;
	word.at = *at;
	while (*at < end && **at != ' ' && **at != '\t')
		++*at;
	word.len = (size_t)(*at - word.at);
	return word;
}

/* "sha256:HASH", or a token. */
static int take_secret(const struct word *word, struct token *row,
                       struct sbx_error *err)
{
	static const char mark[] = "sha256:";
	const size_t len = strlen(mark);
	struct word hash = {word->at + len, word->len - len};

	if (word->len < len || memcmp(word->at, mark, len) != 0) {
		if (word->len < TOKEN_LEAST)
			return FAIL(err,
			            "has less than %d characters; make "
			            "one with openssl rand -hex 32",
			            TOKEN_LEAST);
		if (!is_token(word))
			return FAIL(err,
			            "letters, digits and -._~+/= are "
			            "wanted, at most %d",
			            TOKEN_MOST);
		text_sha256(word->at, word->len, row->sha256);
		return 0;
	}
	if (hash.len != 64 || !is_of(&hash, DIGITS "abcdef"))
		return FAIL(err, "64 digits 0-9a-f are wanted after sha256:");
	memcpy(row->sha256, hash.at, 64);
	row->sha256[64] = '\0';
	return 0;
}

/* One token is one caller's. */
static int add(struct tokens *tokens, const struct token *row,
               struct sbx_error *err)
{
	for (unsigned i = 0; i < tokens->n; i++)
		if (strcmp(tokens->rows[i].sha256, row->sha256) == 0)
			return FAIL(err, "is there before, for %s",
			            tokens->rows[i].name);
	if (tokens->n == MAX_TOKENS)
		return FAIL(err, "more than %d tokens", MAX_TOKENS);
	tokens->rows[tokens->n++] = *row;
	return 0;
}

static int read_line(struct tokens *tokens, const char *at, const char *end,
                     struct sbx_error *err)
{
	struct word name = next_word(&at, end);
	struct word secret = next_word(&at, end);
	struct token row = {0};
	int r;

	if (name.len == 0 || name.at[0] == '#')
		return 0;
	if (!is_name(&name))
		return FAIL(err,
		            "a name is wanted first, of at most %d "
		            "letters, digits and ._-",
		            WHO_TOKEN);
	if (secret.len == 0 || next_word(&at, end).len > 0)
		return FAIL(err, "NAME TOKEN or NAME sha256:HASH is wanted");
	memcpy(row.name, name.at, name.len);
	r = take_secret(&secret, &row, err);
	return r < 0 ? r : add(tokens, &row, err);
}

int tokens_parse(const char *text, size_t len, struct tokens *tokens,
                 struct sbx_error *err)
{
	const char *at = text, *end = text + len;
	struct sbx_error fault;

	tokens->n = 0;
	for (unsigned line = 1; at < end; line++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		if (!stop)
			stop = end;
		if (read_line(tokens, at, stop, &fault) < 0)
			return FAIL(err, "line %u: %s", line, fault.text);
		at = stop + 1;
	}
	return tokens->n > 0 ? 0 : FAIL(err, "there is no token in it");
}

/* Who could read or change it would be who the daemon serves. */
static int check_owner(int fd, const char *path, struct sbx_error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_set(err, SBX_STAGE_SPEC, errno, "tokens %s", path);
	if (!S_ISREG(st.st_mode))
		return FAIL(err, "tokens %s: is not a regular file", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return FAIL(err, "tokens %s: belongs to another user: chown %u",
		            path, geteuid());
	if (st.st_mode & 077)
		return FAIL(err,
		            "tokens %s: is not for its owner alone: "
		            "chmod 600 %s",
		            path, path);
	return 0;
}

/* Its content does not stay behind in memory. */
static int read_tokens(int fd, struct tokens *tokens, struct sbx_error *err)
{
	struct buffer text CLEANUP(buffer_free) = {0};
	int r = buffer_reserve(&text, 2 * MAX_FILE_SIZE) ? 0 : -ENOMEM;

	if (r == 0)
		r = file_read_fd(fd, MAX_FILE_SIZE, &text);
	if (r < 0)
		(void)err_set(err, SBX_STAGE_SPEC, -r, "read");
	else
		r = tokens_parse(text.data, text.len, tokens, err);
	if (text.data)
		explicit_bzero(text.data, text.capacity);
	return r;
}

int tokens_open(const char *path, struct tokens **tokens, struct sbx_error *err)
{
	CLEANUP_FD int fd =
		open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct sbx_error fault;
	struct tokens *made;
	int r;

	if (fd < 0)
		return err_set(err, SBX_STAGE_SPEC, errno, "tokens %s", path);
	r = check_owner(fd, path, err);
	if (r < 0)
		return r;
	made = mmap(NULL, sizeof(*made), PROT_READ | PROT_WRITE,
	            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (made == MAP_FAILED)
		return err_memory(err, SBX_STAGE_SPEC);
	r = madvise(made, sizeof(*made), MADV_WIPEONFORK) < 0 ? -errno : 0;
	if (r < 0)
		(void)err_set(&fault, SBX_STAGE_SPEC, -r, "madvise");
	else
		r = read_tokens(fd, made, &fault);
	if (r < 0) {
		tokens_close(made);
		return err_say(err, SBX_STAGE_SPEC, -r, "tokens %s: %s", path,
		               fault.text);
	}
	*tokens = made;
	return 0;
}

void tokens_close(struct tokens *tokens)
{
	if (tokens)
		(void)munmap(tokens, sizeof(*tokens));
}

static bool is_equal(const char *one, const char *other)
{
	unsigned char differs = 0;

	for (size_t i = 0; i < 64; i++)
		differs |= (unsigned char)(one[i] ^ other[i]);
	return differs == 0;
}

const char *tokens_name(const struct tokens *tokens, const char *authorization)
{
	static const char scheme[] = "Bearer ";
	const char *found = NULL;
	struct word token;
	char sha256[65];

	if (!tokens || !authorization ||
	    strncasecmp(authorization, scheme, strlen(scheme)) != 0)
		return NULL;
	authorization += strspn(authorization + 6, " ") + 6;
	token = (struct word){authorization, strlen(authorization)};
	if (!is_token(&token))
		return NULL;
	text_sha256(token.at, token.len, sha256);
	/* All of them, wherever it is. */
	for (unsigned i = 0; i < tokens->n; i++)
		if (is_equal(tokens->rows[i].sha256, sha256))
			found = tokens->rows[i].name;
	return found;
}
