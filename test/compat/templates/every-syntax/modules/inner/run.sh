echo ${NAME}
