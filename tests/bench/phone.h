/**
 * @file phone.h
 * One phone of the load: what it says, what it makes of the answers.
 *
 * A phone does one thing at a time, a registration or a call, and tells when
 * it is done. load.c decides when it begins.
 */
#ifndef BENCH_PHONE_H
#define BENCH_PHONE_H

#include "words.h"

/** What a phone waits for. */
enum phone_state {
	PHONE_IDLE,
	PHONE_REGISTERS,
	PHONE_CALLS,
	PHONE_TALKS, /* until load.c lets it hang up */
	PHONE_HANGS_UP,
};

/** What became of a message. */
enum phone_news { PHONE_NOTHING, PHONE_DONE, PHONE_FAILED, PHONE_ANSWERED };

/** One phone and its connection. */
struct phone {
	struct wire wire;
	enum phone_state state;
	int number, port;
	long turn; /* names the AOR, the Call-ID */
	double began, hang_up_at;
	char user[64];
	struct heap route;		/* whole Route lines of its call */
	char target[512], said_to[256]; /* of its call: Contact and To */
};

/** What all phones have in common. */
struct phone_world {
	const char *from;
	bool tcp;
	bool fresh; /* a new AOR for each registration */
	int users;  /* AORs of a phone */
};

/**
 * Name the phone's next turn.
 *
 * @param p      phone
 * @param world  common facts
 */
void phone_turn(struct phone *p, const struct phone_world *world);

/**
 * Send a REGISTER for the present turn's AOR.
 *
 * @param p      phone, idle
 * @param world  common facts
 */
void phone_register(struct phone *p, const struct phone_world *world);

/**
 * Send an INVITE from the present turn's AOR.
 *
 * @param p      phone, idle
 * @param world  common facts
 */
void phone_call(struct phone *p, const struct phone_world *world);

/**
 * Send the BYE.
 *
 * @param p      phone that talks
 * @param world  common facts
 */
void phone_hang_up(struct phone *p, const struct phone_world *world);

/**
 * Take a response; answers a 200 to INVITE with its ACK.
 *
 * @param p      phone
 * @param world  common facts
 * @param m      whole message
 * @return       what became of it
 */
enum phone_news phone_hear(struct phone *p, const struct phone_world *world,
			   struct piece m);

#endif
