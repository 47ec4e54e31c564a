/**
 * @file why.h
 * One sentence that tells an operator what is wrong, with file and line.
 */
#ifndef BASE_WHY_H
#define BASE_WHY_H

/** Room for the sentence, with NUL. */
#define WHY_MAX 512

#endif
