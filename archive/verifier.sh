#!/bin/bash
# Vérifie cet arbre de documents sans le logiciel qui l'a écrit. Sans argument :
#
#     bash _ged/verifier.sh
#
# N'utilise que bash, find, sha256sum, cut, sort et diff ; n'écrit que des fichiers provisoires, en mémoire ou dans /tmp.
# Rend 0 quand tout est conforme, 1 sinon, avec une ligne par anomalie.
#
#   1. chaque document nommé par une fiche (.ged/*.json) est là, avec la taille et le SHA-256 que dit la fiche ;
#   2. il n'y a rien d'autre dans l'arbre ;
#   3. le journal est une chaîne sans rupture : chaque ligne porte le SHA-256 de la précédente, la première ligne d'un jour
#      celui du fichier entier de la veille ;
#   4. le journal connaît chaque fiche, telle qu'elle est, et chaque fiche que connaît le journal est là.
#
# Un dossier qui contient « manifest.jsonl » est une copie partielle (export) : le journal peut y connaître d'autres fiches,
# et des jours peuvent y manquer.

export LC_ALL=C
set -u -f
shopt -s extglob

case ${BASH_SOURCE[0]} in
    */*) cd -- "${BASH_SOURCE[0]%/*}" || exit 1 ;;
esac
[[ ${PWD##*/} == _ged ]] && { cd .. || exit 1; }

partial=0
[[ -e manifest.jsonl ]] && partial=1
scratch=${TMPDIR:-}
if [[ -z $scratch ]]; then
    scratch=/tmp
    [[ -d /dev/shm && -w /dev/shm ]] && scratch=/dev/shm # en mémoire : dix fois plus vite
fi
scratch+=/verifier.$$.$RANDOM$RANDOM
trap 'find "${scratch%/*}" -maxdepth 1 -name "${scratch##*/}.*" -user "$UID" -delete' EXIT

findings=0
documents=0
sheets=0
lines=0
say() {
    printf '%s\n' "$1"
    findings=$((findings + 1))
}

# --- the sheets: prints "D sha256 size path" for each document, "S sha256-of-the-original path-of-the-sheet" for each sheet

read_sheet() {
    local sheet=$1 folder=${1%/.ged/*} line inside=0 name='' role='' hash='' size='' count=0 original=''
    while IFS= read -r line; do
        case $line in
            '  "files": [') inside=1 ;;
            '  ],' | '  ]') inside=0 ;;
        esac
        ((inside)) || continue
        line=${line%,}
        case $line in
            '      "name": "'*'"') line=${line#*'": "'} name=${line%'"'} ;;
            '      "role": "'*'"') line=${line#*'": "'} role=${line%'"'} ;;
            '      "sha256": "'*'"') line=${line#*'": "'} hash=${line%'"'} ;;
            '      "size": '*) size=${line#*': '} ;;
            '    }')
                printf 'D %s %s %s\n' "$hash" "$size" "$folder/$name"
                [[ $role == original ]] && original=$hash
                count=$((count + 1)) name='' role='' hash='' size=''
                ;;
        esac
    done <"$sheet"
    if ((count == 0)) || [[ -z $original ]]; then
        printf 'X %s\n' "$sheet"
    fi
    printf 'S %s %s\n' "${original:--}" "$sheet"
}

# The system's own files are no documents; letters in quarantine are.
own=('(' -path './_ged/*' ! -path './_ged/quarantaine*' ')')

read_sheets() {
    local sheet
    while IFS= read -r -d '' sheet; do
        read_sheet "$sheet"
    done < <(find . "${own[@]}" -prune -o -path '*/.ged/*.json' -type f -print0)
}

# --- what is really there, in the same forms

find_documents() {
    find . \( "${own[@]}" -o -path ./LISEZ-MOI.txt -o -path ./manifest.jsonl -o -path ./SHA256SUMS -o -path ./verifier.sh \) \
        -prune -o -path '*/.ged/*.json' -o -type f "$@"
}

declare -A promised found size_promised size_found sheet_of original_of known
unreadable=()

while read -r kind first rest; do
    case $kind in
        D)
            size=${rest%% *} path=${rest#* }
            if [[ -n ${promised[$path]-} && ${promised[$path]} != "$first" ]]; then
                say "deux fiches se contredisent : $path"
            fi
            promised[$path]=$first size_promised[$path]=$size
            ;;
        S)
            original_of[$rest]=$first
            sheets=$((sheets + 1))
            ;;
        X) unreadable+=("$first${rest:+ $rest}") ;;
    esac
done < <(read_sheets)
for path in ${unreadable[@]+"${unreadable[@]}"}; do
    say "fiche illisible : $path"
done

while IFS= read -r line; do
    path=${line:66}
    found[$path]=${line:0:64}
    documents=$((documents + 1))
done < <(find_documents -exec sha256sum -- {} +)
while IFS= read -r line; do
    size_found[${line#* }]=${line%% *}
done < <(find_documents -printf '%s %p\n')

list() {
    local -n hashes=$1 sizes=$2
    local path
    for path in "${!hashes[@]}"; do
        printf '%s %s %s\n' "${hashes[$path]}" "${sizes[$path]-?}" "$path"
    done
}

while IFS= read -r line; do
    path=${line:2} path=${path#* } path=${path#* }
    case ${line:0:1} in
        '<')
            if [[ -z ${found[$path]-} ]]; then
                say "document manquant : $path"
            else
                say "document altéré : $path"
            fi
            ;;
        '>') [[ -n ${promised[$path]-} ]] || say "fichier que nulle fiche ne connaît : $path" ;;
    esac
done < <(diff <(list promised size_promised | sort) <(list found size_found | sort))

while IFS= read -r path; do
    say "ni fichier ni dossier : $path"
done < <(find . "${own[@]}" -prune -o ! -type f ! -type d -print)

# --- the journal

prevs=() seqs=() hashes=()
read_day() { # fills prevs and seqs, and hashes with the SHA-256 of each line
    local file=$1 line count=0 number
    prevs=() seqs=() hashes=()
    set -C
    while IFS= read -r line || { [[ -n $line ]] && say "ligne incomplète à la fin de $file"; }; do
        printf -v number '%07d' "$count"
        printf '%s\n' "$line" >"$scratch.$number"
        prevs+=("${line%%$'\t'*}")
        line=${line#*$'\t'}
        seqs+=("${line%%$'\t'*}")
        count=$((count + 1))
        ((count % 2000 == 0)) && hash_lines
    done <"$file"
    hash_lines
    set +C
    lines=$((lines + count))
}
hash_lines() {
    local hash
    while IFS= read -r hash; do
        hashes+=("$hash")
    done < <(find "${scratch%/*}" -maxdepth 1 -name "${scratch##*/}.*" -print0 | sort -z | sha256sum_all | cut -c 1-64)
    find "${scratch%/*}" -maxdepth 1 -name "${scratch##*/}.*" -delete
}
sha256sum_all() { # names from standard input, each ended by a zero byte
    local names=() name
    while IFS= read -r -d '' name; do names+=("$name"); done
    ((${#names[@]})) && sha256sum -- "${names[@]}"
}

previous='' previous_seq=0
while IFS= read -r file; do
    read_day "$file"
    for ((i = 0; i < ${#prevs[@]}; i++)); do
        if ((i)); then
            expected=${hashes[i - 1]}
        elif [[ -n $previous ]]; then
            expected=$(sha256sum <"$previous" | cut -c 1-64)
        else
            printf -v expected '%064d' 0
        fi
        follows=1
        ((10#0${seqs[i]//[!0-9]/} == previous_seq + 1)) || follows=0
        if ((!follows && partial && i == 0)); then
            : # days are missing in an export
        elif [[ $follows == 0 || ${prevs[i]} != "$expected" ]]; then
            say "chaîne du journal rompue : $file, ligne $((i + 1))"
        fi
        previous_seq=$((10#0${seqs[i]//[!0-9]/}))
    done
    ((${#prevs[@]})) && previous=$file
done < <(find ./_ged/journal -name '*.journal' -type f 2>/dev/null | sort)

# --- the journal against the sheets: "sha256-of-the-original sha256-of-the-sheet" on both sides

declare -A eliminated
journal_pairs() {
    local op id original sheet
    while IFS=$'\t' read -r op id original sheet; do
        [[ $sheet == - ]] || printf '%s %s %s\n' "$original" "$sheet" "$id"
    done < <(find ./_ged/journal -name '*.journal' -type f -exec cut -f 4-7 -- {} + 2>/dev/null)
}
while IFS=$'\t' read -r op id; do
    [[ $op == ELIMINATE ]] && eliminated[":$id"]=1
done < <(find ./_ged/journal -name '*.journal' -type f -exec cut -f 4,5 -- {} + 2>/dev/null)

while IFS= read -r line; do
    path=${line:66}
    pair="${original_of[$path]--} ${line:0:64}"
    sheet_of[$pair]=$path
done < <(find . "${own[@]}" -prune -o -path '*/.ged/*.json' -type f -exec sha256sum -- {} +)

while read -r original sheet id; do
    known["$original $sheet"]=$id
done < <(journal_pairs)

for pair in "${!sheet_of[@]}"; do
    [[ -n ${known[$pair]-} ]] || say "fiche altérée, ou inconnue du journal : ${sheet_of[$pair]}"
done
if ((!partial)); then
    for pair in "${!known[@]}"; do
        id=${known[$pair]}
        [[ -n ${sheet_of[$pair]-} || -n ${eliminated[":$id"]-} ]] || say "le journal connaît une fiche qui manque ou qui a changé : pli $id"
    done
fi

if ((findings)); then
    printf '%s anomalie(s) sur %s documents, %s fiches, %s lignes de journal.\n' "$findings" "$documents" "$sheets" "$lines"
    exit 1
fi
printf 'Conforme : %s documents, %s fiches, %s lignes de journal.\n' "$documents" "$sheets" "$lines"
