#include "harness/base/digest.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

struct digest;

static EVP_MD_CTX *begin(void)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);

	assert(ok);
	(void)ok;
	return ctx;
}

static void finish(EVP_MD_CTX *ctx, char out[DIGEST_HEX])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char raw[32];

	EVP_DigestFinal_ex(ctx, raw, NULL);
	EVP_MD_CTX_free(ctx);
	for (size_t i = 0; i < sizeof(raw); i++) {
		out[2 * i] = hex[raw[i] >> 4];
		out[2 * i + 1] = hex[raw[i] & 15];
	}
	out[DIGEST_HEX - 1] = '\0';
}

struct digest *digest_new(const char *purpose)
{
	struct digest *d = (struct digest *)begin();

	digest_add(d, purpose);
	return d;
}

void digest_addn(struct digest *d, const void *p, size_t n)
{
	uint64_t len = n;

	EVP_DigestUpdate((EVP_MD_CTX *)d, &len, sizeof(len));
	EVP_DigestUpdate((EVP_MD_CTX *)d, p, n);
}

void digest_add(struct digest *d, const char *s)
{
	uint64_t absent = UINT64_MAX;

	if (s)
		digest_addn(d, s, strlen(s));
	else
		EVP_DigestUpdate((EVP_MD_CTX *)d, &absent, sizeof(absent));
}

void digest_end(struct digest *d, char out[DIGEST_HEX])
{
	finish((EVP_MD_CTX *)d, out);
}

void digest_bytes(char out[DIGEST_HEX], const void *p, size_t n)
{
	EVP_MD_CTX *ctx = begin();

	EVP_DigestUpdate(ctx, p, n);
	finish(ctx, out);
}

int digest_file(char out[DIGEST_HEX], const char *path, struct error *err)
{
	unsigned char buf[65536];
	EVP_MD_CTX *ctx;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_os(err, errno, "%s", path);
	ctx = begin();
	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int saved = errno;

			close(fd);
			EVP_MD_CTX_free(ctx);
			return err_os(err, saved, "%s", path);
		}
		EVP_DigestUpdate(ctx, buf, (size_t)n);
	}
	close(fd);
	finish(ctx, out);
	return 0;
}
